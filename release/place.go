package release

import (
	"path"
)

// Place holds the parameters that all release modules share: which application, and where
// its releases lie.
type Place struct {
	App         string `json:"app" required:"true" help:"name of the application, a part of directory names"`
	ReleasesDir string `json:"releases_dir" type:"path" default:"/opt/webroot" help:"directory that holds <app>_<version> for each release"`
	Webroot     string `json:"webroot" type:"path" help:"the symlink that is live; /webroot/<app> where not given"`
	StateDir    string `json:"state_dir" type:"path" help:"directory of the ledger and the manifests; /var/lib/gdeploy/releases/<app> where not given"`
}

// Layout gives the place with its defaults filled in.
func (p Place) Layout() Layout {
	l := Layout{App: p.App, Releases: p.ReleasesDir, Link: p.Webroot, State: p.StateDir}
	if l.Link == "" {
		l.Link = path.Join("/webroot", p.App)
	}
	if l.State == "" {
		l.State = path.Join("/var/lib/gdeploy/releases", p.App)
	}
	return l
}
