/** A name that the server made ends with the moment of the start, which pages show as an age instead. */
const moment = / - (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z)$/

export function titleOfRun(name: string): string {
  return name.replace(moment, '')
}
