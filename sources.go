// Package gdeploy holds what concerns the whole module; there is nothing to import here
// but for gdeploy itself.
package gdeploy

import "embed"

// HelperSources are the sources that the helper is built from, and some more. gdeploy
// hashes them to see whether the helper that it carries is of the same sources as itself.
//
//go:embed cmd/gdeploy-helper/*.go transport/serve/*.go transport/wire/*.go values/*.go values/record/*.go modules/*.go modules/*/*.go modules/*/*/*.go
//go:embed release/*.go balancer/*.go facts/*.go
var HelperSources embed.FS
