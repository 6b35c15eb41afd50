import { LimitError } from '../domain/errors.ts'

/** Why work for a client that is gone ends. Nobody is there to read it. */
export const clientGone = new LimitError('The client is gone.')
