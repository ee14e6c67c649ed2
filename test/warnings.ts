/** The warnings of Node's that nobody has looked at yet, heard once for all files that a worker runs. */
export const warnings: string[] = []
process.on('warning', ({ stack, message }) => warnings.push(stack ?? message))
