import { columnVisibilityFeature, rowSelectionFeature, tableFeatures } from '@tanstack/react-table'

/** What the table of runs can do. */
export const runsFeatures = tableFeatures({ rowSelectionFeature, columnVisibilityFeature })
