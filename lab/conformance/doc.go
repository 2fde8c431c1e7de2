// Package conformance runs playbooks of modules that change a machine on the lab's hosts, and compares what happened with what Ansible
// did on such a host. Its tests carry the build tag lab; testdata/README.md tells how a case is written.
package conformance
