/** `assay keys`: manages access to a server. Works on the database directly, even while a server runs, or through a server. */
import { Command, Option } from 'commander'
import type { Role } from '../domain/scope.ts'
import { CliError } from './cli-error.ts'
import { dataDirOption } from './data-dir-option.ts'
import { type ApiKeys, type ListedKey, withDatabaseKeys } from './keys-of-database.ts'
import { withServerKeys } from './keys-of-server.ts'
import { jsonOption, oneLine, printJson, printLine } from './output.ts'

interface KeysOptions {
  dataDir: string
  url?: string
  json: boolean
}

interface CreateOptions extends KeysOptions {
  role: Role
  project?: string
  installation: boolean
  person?: string
}

export function keysCommand(): Command {
  const command = new Command('keys').description('Create, list and revoke API keys.').addHelpText(
    'after',
    `
A server that never had a key answers on loopback only. From the first key on, every request needs one, within 10 s and for good.

Keys are those of DATABASE_URL, or of the embedded database of --data-dir, whether a server is running on it or not; with --url
those of a server, which requires an ADMIN's key in ASSAY_API_KEY.

Examples:
  $ assay keys create laptop
  $ assay keys create ci --role WRITE --project checkout
  $ assay keys create prometheus --role READ --installation
  $ DATABASE_URL=postgresql://me@db/assay assay keys list
  $ ASSAY_API_KEY=… assay keys revoke assay_AbC123 --url https://assay.example`,
  )
  withPlace(command.command('create <name>').description('Create a key; it is shown once.'))
    .addOption(new Option('--role <role>', 'what it allows').choices(['READ', 'WRITE', 'ADMIN']).default('ADMIN'))
    .option('--project <name>', 'the only project that it is valid in (default: "default")')
    .addOption(
      new Option('--installation', 'valid in every project; an ADMIN creates projects and manages all keys')
        .default(false)
        .conflicts('project'),
    )
    .option('--person <name>', 'the author of what is written with it (default: the name of the key)')
    .action((name: string, { role, project, installation, person, ...options }: CreateOptions) =>
      withKeys(options, project, async (keys) => {
        const key = await keys.create({ name, role, installation, person })
        if (options.json) printJson({ key, name, role })
        else printLine(key)
        process.stderr.write('Keep it: it is not shown again. Send it as the header "Authorization: Bearer <key>".\n')
      }),
    )
  withPlace(command.command('list').description('List the keys in use.')).action((options: KeysOptions) =>
    withKeys(options, undefined, async (keys) => {
      const found = await keys.list('')
      if (options.json) printJson(found.map(shown))
      else for (const key of found) printLine(oneLine(line(key)))
    }),
  )
  withPlace(
    command
      .command('revoke <prefix>')
      .description('Revoke a key by its prefix, as listed; its open connections are closed.'),
  ).action((given: string, options: KeysOptions) =>
    withKeys(options, undefined, async (keys) => {
      // The whole key is accepted, too.
      const prefix = given.replace(/…$/, '').slice(0, 12)
      const found = await keys.list(prefix)
      const [key] = found
      if (!key) throw new CliError(`There is no key in use that begins with ${prefix}.`)
      if (found.length > 1) {
        throw new CliError(`${found.length} keys begin with ${prefix}:\n${found.map(line).join('\n')}`)
      }
      await keys.revoke(key.id)
      if (options.json) printJson({ revoked: key.prefix })
    }),
  )
  return command
}

function withPlace(command: Command): Command {
  return command
    .addOption(new Option('--url <url>', 'an Assay server to manage keys through').env('ASSAY_URL'))
    .addOption(dataDirOption('data directory of the embedded PostgreSQL, without DATABASE_URL'))
    .addOption(jsonOption())
}

/** @param project name of the project that keys are created in */
function withKeys(
  { url, dataDir }: KeysOptions,
  project: string | undefined,
  work: (keys: ApiKeys) => Promise<void>,
): Promise<void> {
  return url === undefined ? withDatabaseKeys(dataDir, project, work) : withServerKeys(url, project, work)
}

/** Without what the database knows besides. */
function shown({ id, prefix, role, project, name, lastUsedAt }: ListedKey): ListedKey {
  return { id, prefix, role, project, name, lastUsedAt }
}

function line({ prefix, role, project, name, lastUsedAt }: ListedKey): string {
  const used = lastUsedAt === null ? 'never used' : `last used ${lastUsedAt.toISOString()}`
  return `${prefix}…  ${role.padEnd(5)}  ${name}  (${project === null ? 'installation' : `project ${project}`}, ${used})`
}
