import { diffTexts } from './text-diff.ts'

addEventListener('message', ({ data: { before, after } }: MessageEvent<{ before: string; after: string }>) =>
  postMessage(diffTexts(before, after)),
)
