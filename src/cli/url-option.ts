import { Option } from 'commander'

/** Where `assay serve` listens. */
export const defaultUrl = 'http://127.0.0.1:4000'

/** The server that a command talks to. */
export function urlOption(): Option {
  return new Option('--url <url>', 'the Assay server (default: the one running here, else one for this command)').env(
    'ASSAY_URL',
  )
}
