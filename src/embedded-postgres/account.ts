/**
 * PostgreSQL refuses to run as root. When Assay is root, PostgreSQL runs as an ordinary account: the one that already
 * owns the cluster, else `postgres` or `nobody`.
 *
 * That account usually cannot traverse root's home (mode 0700), where a fresh clone often is, and changing anyone's
 * permissions is out of the question. So on Linux the server gets its directory as an open file descriptor and refers
 * to it as `/proc/self/fd/3`, which needs no permission on the directories above.
 */
import { readFile, stat } from 'node:fs/promises'
import { EmbeddedPostgresError } from './error.ts'

/** The user that PostgreSQL runs as instead of ours. */
export type Account = { uid: number; gid: number }

const candidates = ['postgres', '_postgres', 'nobody', 'daemon']

/** The account to switch to; `undefined` when PostgreSQL runs as our own user. `cluster` may not exist yet. */
export async function serverAccount(cluster: string): Promise<Account | undefined> {
  if (process.getuid?.() !== 0) return undefined
  const owner = await stat(cluster).catch(() => undefined)
  if (owner && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid }

  const entries = (await readFile('/etc/passwd', 'utf8')).split('\n').map((line) => line.split(':'))
  for (const name of candidates) {
    const entry = entries.find((fields) => fields[0] === name)
    const uid = Number(entry?.[2])
    if (uid > 0) return { uid, gid: Number(entry?.[3]) }
  }
  throw new EmbeddedPostgresError(
    'NO_ACCOUNT',
    `PostgreSQL does not run as root, and /etc/passwd has none of the accounts ${candidates.join(', ')}: ` +
      'start Assay as an ordinary user, or set DATABASE_URL to your own PostgreSQL.',
  )
}
