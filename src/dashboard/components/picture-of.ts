import { domToBlob } from 'modern-screenshot'

/** As in the styles for paper. */
const pressed = '[data-no-print], [data-print="pills"] > :not([data-pills]), [data-pills] button'

/** A PNG of a part of the page as it is shown, without what is only there to be pressed. */
export function pictureOf(element: HTMLElement): Promise<Blob> {
  return domToBlob(element, {
    scale: 2,
    backgroundColor: getComputedStyle(document.body).backgroundColor,
    filter: (node) => !(node instanceof HTMLElement && node.matches(pressed)),
    features: { restoreScrollPosition: true },
  })
}
