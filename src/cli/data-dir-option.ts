import { InvalidArgumentError, Option } from 'commander'

/** @param whose what the directory is, for the help */
export function dataDirOption(whose: string): Option {
  return new Option('--data-dir <path>', whose)
    .env('ASSAY_DATA_DIR')
    .argParser((path: string) => {
      // It would be the current folder.
      if (path.trim() === '') throw new InvalidArgumentError('Expected the path of a folder, got an empty one.')
      return path
    })
    .default('.assay')
}
