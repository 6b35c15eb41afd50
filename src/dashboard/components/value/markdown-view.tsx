/** Markdown as it is meant, with code in colours. HTML in it stays text, and nothing is loaded from elsewhere. */
import type { AnchorHTMLAttributes, ImgHTMLAttributes, ReactNode } from 'react'
import ReactMarkdown, { defaultUrlTransform } from 'react-markdown'
import rehypeHighlight from 'rehype-highlight'
import remarkGfm from 'remark-gfm'
import classes from './markdown-view.module.css'
import { MediaView } from './media-view.tsx'

/** Below the headings of the page, whatever its own level is. */
const heading =
  (level: number) =>
  ({ children }: { children?: ReactNode }) => <h4 data-level={level}>{children}</h4>

const components = {
  h1: heading(1),
  h2: heading(2),
  h3: heading(3),
  h4: heading(4),
  h5: heading(5),
  h6: heading(6),
  a: ({ href, children }: AnchorHTMLAttributes<HTMLAnchorElement>) => (
    <a href={href} target="_blank" rel="noreferrer">
      {children}
    </a>
  ),
  img: ({ src, alt }: ImgHTMLAttributes<HTMLImageElement>) =>
    typeof src === 'string' && src !== '' ? <MediaView url={src} mediaType="image/*" name={alt} /> : alt,
  // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
  pre: ({ children }: { children?: ReactNode }) => <pre tabIndex={0}>{children}</pre>,
}

export default function MarkdownView({ text }: { text: string }) {
  return (
    <div className={classes.markdown}>
      <ReactMarkdown
        remarkPlugins={[remarkGfm]}
        rehypePlugins={[[rehypeHighlight, { detect: true }]]}
        components={components}
        urlTransform={(url) => (/^data:image\/[\w.+-]+;base64,/.test(url) ? url : defaultUrlTransform(url))}
      >
        {text}
      </ReactMarkdown>
    </div>
  )
}
