// Serves DynamoDB's calls on loopback until stdin ends: a test that is over takes its server with it.

// Whoever kills a client in the middle of a request ends dynalite with it, where nobody catches that (index.js, req.on('error')).
process.on('uncaughtException', () => {})

const server = require('dynalite')({ createTableMs: 0 })
server.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}`))
process.stdin.resume()
process.stdin.on('end', () => process.exit(0))
