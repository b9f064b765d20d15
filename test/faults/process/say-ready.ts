// Loaded before the service: says on standard output when a process listens to SIGTERM.
process.on('newListener', (event) => {
  if (event === 'SIGTERM') process.stdout.write('SIGTERM is heard\n')
})
