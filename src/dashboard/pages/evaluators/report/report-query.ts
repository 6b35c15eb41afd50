import { graphql } from '../../../gql/gql.ts'
import type { EvaluatorReportQuery } from '../../../gql/graphql.ts'

/** A version of null is the current one. */
export const evaluatorReport = graphql(`
  query EvaluatorReport($id: ID!, $version: Int) {
    node(id: $id) {
      id
      ... on Evaluator {
        dataType
        report(version: $version) {
          version
          items
          confusion { labels counts }
          agreement { value count interval { low high } }
          kappa { value interval { low high } }
          truePositiveRate { value count interval { low high } }
          trueNegativeRate { value count interval { low high } }
          alpha { value interval { low high } units }
          alphaOfPeople { value interval { low high } units }
          correlation
          bias { value interval { low high } }
          lengthSlope { value interval { low high } }
          byTag { tag items agreement { value count interval { low high } } bias }
          relatedModels
          drift { version agreement { value count interval { low high } } difference { value interval { low high } } }
        }
      }
    }
  }
`)

type Reported = Extract<NonNullable<EvaluatorReportQuery['node']>, { report: unknown }>
export type Report = NonNullable<Reported['report']>
