/** Loads of hostile clients, by name. Each goes on until its signal aborts. */
import type { Shape } from './client.ts'
import { connectionShapes } from './connection-shapes.ts'
import { dataShapes } from './data-shapes.ts'
import { documentShapes } from './document-shapes.ts'

export const shapes: Record<string, Shape> = { ...connectionShapes, ...documentShapes, ...dataShapes }
