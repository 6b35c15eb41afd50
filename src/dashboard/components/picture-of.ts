import { domToBlob } from 'modern-screenshot'

/** A PNG of a part of the page as it is shown, without what is only there to be pressed. */
export function pictureOf(element: HTMLElement): Promise<Blob> {
  return domToBlob(element, {
    scale: 2,
    backgroundColor: getComputedStyle(document.body).backgroundColor,
    filter: (node) => !(node instanceof HTMLElement && node.hasAttribute('data-no-print')),
    features: { restoreScrollPosition: true },
  })
}
