/** What an evaluation needs is still to come. That says nothing about it: it is called again later. */
export class NotYetError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'NotYetError'
  }
}
