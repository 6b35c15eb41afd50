/** All pages, each a chunk of its own. The state of a page is in its address: search parameters are typed and checked. */
import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  retainSearchParams,
} from '@tanstack/react-router'
import { z } from 'zod'
import { connectionsOf } from './data/connections.ts'
import { askEarly } from './data/run-items.ts'
import { compareSearch } from './pages/compare/compare-search.ts'
import { datasetSearch, versionsSearch } from './pages/dataset/dataset-search.ts'
import { datasetsSearch } from './pages/datasets/datasets-search.ts'
import { evaluatorSearch, evaluatorsSearch, newEvaluatorSearch } from './pages/evaluators/evaluators-search.ts'
import { experimentsSearch } from './pages/experiments/experiments-search.ts'
import { newExperimentSearch } from './pages/new-experiment/new-experiment-search.ts'
import { editPromptSearch, promptSearch, promptsSearch } from './pages/prompts/prompts-search.ts'
import { newQueueSearch, queueSearch, reviewSearch, reviewsSearch } from './pages/review/review-search.ts'
import { runPage } from './pages/run/run-query.ts'
import { isFiltered, runSearch } from './pages/run/run-search.ts'
import { runsSearch } from './pages/runs/runs-search.ts'
import { settingsSearch } from './pages/settings/settings-search.ts'
import { NotFound } from './shell/not-found.tsx'
import { Root } from './shell/root.tsx'
import { RouteError } from './shell/route-error.tsx'

const root = createRootRoute({
  validateSearch: z.object({ project: z.string().optional() }),
  search: { middlewares: [retainSearchParams(['project'])] },
  component: Root,
  notFoundComponent: NotFound,
})

const start = createRoute({
  getParentRoute: () => root,
  path: '/',
  component: lazyRouteComponent(() => import('./pages/start/start-page.tsx'), 'StartPage'),
})

const run = createRoute({
  getParentRoute: () => root,
  path: '/runs/$runId',
  validateSearch: runSearch,
  // The page, the run and its first rows come at the same time.
  loader({ params: { runId }, cause, location }) {
    if (cause !== 'enter') return
    const { project, ...search } = location.search as { project?: string }
    const { urql, rows } = connectionsOf(project ?? null)
    void urql.query(runPage, { id: runId }, { requestPolicy: 'network-only' }).toPromise()
    const known = runSearch.parse(search)
    if (!isFiltered(known) && known.sort === undefined) askEarly(rows, runId)
  },
  component: lazyRouteComponent(() => import('./pages/run/run-page.tsx'), 'RunPage'),
})

const reviewRun = createRoute({
  getParentRoute: () => root,
  path: '/runs/$runId/review',
  validateSearch: reviewSearch,
  component: lazyRouteComponent(() => import('./pages/review/review-run-page.tsx'), 'ReviewRunPage'),
})

const reviews = createRoute({
  getParentRoute: () => root,
  path: '/review',
  validateSearch: reviewsSearch,
  component: lazyRouteComponent(() => import('./pages/review/reviews-page.tsx'), 'ReviewsPage'),
})

const newReviewQueue = createRoute({
  getParentRoute: () => root,
  path: '/review/new',
  validateSearch: newQueueSearch,
  component: lazyRouteComponent(() => import('./pages/review/new-queue-page.tsx'), 'NewQueuePage'),
})

const reviewQueue = createRoute({
  getParentRoute: () => root,
  path: '/review/$queueId',
  validateSearch: queueSearch,
  component: lazyRouteComponent(() => import('./pages/review/review-queue-page.tsx'), 'ReviewQueuePage'),
})

const datasets = createRoute({
  getParentRoute: () => root,
  path: '/datasets',
  validateSearch: datasetsSearch,
  component: lazyRouteComponent(() => import('./pages/datasets/datasets-page.tsx'), 'DatasetsPage'),
})

const dataset = createRoute({
  getParentRoute: () => root,
  path: '/datasets/$datasetId',
  component: lazyRouteComponent(() => import('./pages/dataset/dataset-layout.tsx'), 'DatasetLayout'),
})

const datasetItems = createRoute({
  getParentRoute: () => dataset,
  path: '/',
  validateSearch: datasetSearch,
  component: lazyRouteComponent(() => import('./pages/dataset/items-page.tsx'), 'ItemsPage'),
})

const datasetRuns = createRoute({
  getParentRoute: () => dataset,
  path: 'runs',
  validateSearch: runsSearch,
  component: lazyRouteComponent(() => import('./pages/runs/runs-page.tsx'), 'RunsPage'),
})

const datasetVersions = createRoute({
  getParentRoute: () => dataset,
  path: 'versions',
  validateSearch: versionsSearch,
  component: lazyRouteComponent(() => import('./pages/dataset/versions-page.tsx'), 'VersionsPage'),
})

const compare = createRoute({
  getParentRoute: () => root,
  path: '/compare',
  validateSearch: compareSearch,
  component: lazyRouteComponent(() => import('./pages/compare/compare-page.tsx'), 'ComparePage'),
})

const experiments = createRoute({
  getParentRoute: () => root,
  path: '/experiments',
  validateSearch: experimentsSearch,
  component: lazyRouteComponent(() => import('./pages/experiments/experiments-page.tsx'), 'ExperimentsPage'),
})

const newExperiment = createRoute({
  getParentRoute: () => root,
  path: '/experiments/new',
  validateSearch: newExperimentSearch,
  component: lazyRouteComponent(() => import('./pages/new-experiment/new-experiment-page.tsx'), 'NewExperimentPage'),
})

const experiment = createRoute({
  getParentRoute: () => root,
  path: '/experiments/$experimentId',
  validateSearch: runsSearch,
  component: lazyRouteComponent(() => import('./pages/experiments/experiment-page.tsx'), 'ExperimentPage'),
})

const evaluators = createRoute({
  getParentRoute: () => root,
  path: '/evaluators',
  validateSearch: evaluatorsSearch,
  component: lazyRouteComponent(() => import('./pages/evaluators/evaluators-page.tsx'), 'EvaluatorsPage'),
})

const newEvaluator = createRoute({
  getParentRoute: () => root,
  path: '/evaluators/new',
  validateSearch: newEvaluatorSearch,
  component: lazyRouteComponent(() => import('./pages/evaluators/evaluator-page.tsx'), 'NewEvaluatorPage'),
})

const evaluator = createRoute({
  getParentRoute: () => root,
  path: '/evaluators/$evaluatorId',
  validateSearch: evaluatorSearch,
  component: lazyRouteComponent(() => import('./pages/evaluators/evaluator-page.tsx'), 'EvaluatorPage'),
})

const prompts = createRoute({
  getParentRoute: () => root,
  path: '/prompts',
  validateSearch: promptsSearch,
  component: lazyRouteComponent(() => import('./pages/prompts/prompts-page.tsx'), 'PromptsPage'),
})

const newPrompt = createRoute({
  getParentRoute: () => root,
  path: '/prompts/new',
  validateSearch: editPromptSearch,
  component: lazyRouteComponent(() => import('./pages/prompts/edit-prompt-page.tsx'), 'NewPromptPage'),
})

const prompt = createRoute({
  getParentRoute: () => root,
  path: '/prompts/$promptId',
  validateSearch: promptSearch,
  component: lazyRouteComponent(() => import('./pages/prompts/prompt-page.tsx'), 'PromptPage'),
})

const editPrompt = createRoute({
  getParentRoute: () => root,
  path: '/prompts/$promptId/edit',
  validateSearch: editPromptSearch,
  component: lazyRouteComponent(() => import('./pages/prompts/edit-prompt-page.tsx'), 'EditPromptPage'),
})

const settings = createRoute({
  getParentRoute: () => root,
  path: '/settings',
  validateSearch: settingsSearch,
  component: lazyRouteComponent(() => import('./pages/settings/settings-page.tsx'), 'SettingsPage'),
})

export const router = createRouter({
  routeTree: root.addChildren([
    start,
    run,
    reviewRun,
    reviews,
    newReviewQueue,
    reviewQueue,
    datasets,
    dataset.addChildren([datasetItems, datasetRuns, datasetVersions]),
    compare,
    experiments,
    newExperiment,
    experiment,
    evaluators,
    newEvaluator,
    evaluator,
    prompts,
    newPrompt,
    prompt,
    editPrompt,
    settings,
  ]),
  defaultErrorComponent: RouteError,
  defaultPreload: 'intent',
  scrollRestoration: true,
})

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router
  }
}
