// Package stock holds the playbooks that gdeploy ships: bootstrap.yml, deploy.yml and
// rollback.yml with the role they share. A file of the same name in the working directory
// or its playbooks/ wins over them; gdeploy init writes them out for editing.
package stock

import "embed"

// Files are the playbooks, as they lie in this directory.
//
//go:embed *.yml roles
var Files embed.FS
