import { Option } from 'commander'

/** The server that a command talks to. */
export function urlOption(): Option {
  return new Option('--url <url>', 'the Assay server').env('ASSAY_URL').default('http://127.0.0.1:4000')
}
