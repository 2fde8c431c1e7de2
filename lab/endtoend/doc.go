// Package endtoend runs the built gdeploy as an operator does, on the real hosts of a lab: bootstrap, deploy, rollback, and the
// trouble that comes with them. Each test checks the exit code, the words that the operator reads, that no node is left half done
// or out of the balancer, and that the next run works.
//
// The tests carry the build tag lab, need root and `make build`, and share one lab; see shared_test.go.
package endtoend
