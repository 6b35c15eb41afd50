import { Option } from 'commander'

/** The project that a command works in. */
export function projectOption(): Option {
  return new Option('--project <name>', 'the project, for a key of the installation (default: that of the key)')
}
