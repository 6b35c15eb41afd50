import { LimitError } from '../domain/errors.ts'

/** The abort reason when a client has disconnected; it never reaches the client. */
export const clientGone = new LimitError('The client is gone.')
