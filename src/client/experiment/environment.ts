/** Where a run comes from, for its metadata. */
import { environment } from '../transport.ts'

export interface RunEnvironment {
  source: 'CI' | 'LOCAL'
  git?: { commit: string; branch: string | null; dirty: boolean | null }
  ci?: { name: string; url: string | null }
}

type Env = Record<string, string | undefined>

/** How long an answer of git is taken to be true. */
const keptMs = 5_000

/** Commit, branch and job as the CI says or git knows; only the source where there is neither. */
export async function runEnvironment(env: Env = environment()): Promise<RunEnvironment> {
  const ci = ciOf(env)
  const git = gitOf(await recentGit(), env)
  return { source: ci ? 'CI' : 'LOCAL', ...(git && { git }), ...(ci && { ci }) }
}

function ciOf(env: Env): RunEnvironment['ci'] | null {
  const { GITHUB_ACTIONS, GITHUB_SERVER_URL, GITHUB_REPOSITORY, GITHUB_RUN_ID, GITLAB_CI, CI_JOB_URL } = env
  const url = `${GITHUB_SERVER_URL}/${GITHUB_REPOSITORY}/actions/runs/${GITHUB_RUN_ID}`
  if (GITHUB_ACTIONS) return { name: 'GitHub Actions', url: GITHUB_RUN_ID ? url : null }
  if (GITLAB_CI) return { name: 'GitLab CI', url: CI_JOB_URL ?? null }
  if (env.BUILDKITE) return { name: 'Buildkite', url: env.BUILDKITE_BUILD_URL ?? null }
  if (env.CIRCLECI) return { name: 'CircleCI', url: env.CIRCLE_BUILD_URL ?? null }
  if (env.JENKINS_URL) return { name: 'Jenkins', url: env.BUILD_URL ?? null }
  return env.CI && env.CI !== 'false' ? { name: 'CI', url: null } : null
}

/** Pull requests are built on a detached commit, so the branch is what the CI says. */
function gitOf(
  found: { commit: string; branch: string; status: string } | null,
  env: Env,
): RunEnvironment['git'] | null {
  const commit =
    found?.commit ?? env.GITHUB_SHA ?? env.CI_COMMIT_SHA ?? env.BUILDKITE_COMMIT ?? env.CIRCLE_SHA1 ?? env.GIT_COMMIT
  if (!commit) return null
  const named = found && found.branch !== 'HEAD' ? found.branch : null
  const { GITHUB_HEAD_REF, GITHUB_REF_NAME, CI_COMMIT_REF_NAME, BUILDKITE_BRANCH, CIRCLE_BRANCH } = env
  const branch = GITHUB_HEAD_REF || GITHUB_REF_NAME || CI_COMMIT_REF_NAME || BUILDKITE_BRANCH || CIRCLE_BRANCH || named
  return { commit, branch: branch ?? null, dirty: found ? found.status !== '' : null }
}

let asked: { at: number; answer: ReturnType<typeof askGit> } | null = null

/** Not asked again for experiments that start together. */
function recentGit(): ReturnType<typeof askGit> {
  if (!asked || performance.now() - asked.at > keptMs) asked = { at: performance.now(), answer: askGit() }
  return asked.answer
}

async function askGit(): Promise<{ commit: string; branch: string; status: string } | null> {
  const [commit, branch, status] = await Promise.all([
    git('rev-parse', 'HEAD'),
    git('rev-parse', '--abbrev-ref', 'HEAD'),
    git('status', '--porcelain', '--untracked-files=no'),
  ])
  return commit === null || branch === null || status === null ? null : { commit, branch, status }
}

interface ChildProcess {
  execFile(
    file: string,
    args: string[],
    options: { timeout: number },
    done: (error: Error | null, stdout: string) => void,
  ): unknown
}

/** Null without git, outside of a repository, and in a browser. */
function git(...args: string[]): Promise<string | null> {
  const { process } = globalThis as { process?: { getBuiltinModule?: (name: string) => ChildProcess | undefined } }
  const module = process?.getBuiltinModule?.('node:child_process')
  if (!module) return Promise.resolve(null)
  return new Promise((resolve) => {
    try {
      module.execFile('git', args, { timeout: 5_000 }, (error, stdout) => resolve(error ? null : stdout.trim()))
    } catch {
      resolve(null)
    }
  })
}
