package executor

import (
	_ "embed"
	"encoding/base64"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/gdeploy/gdeploy/variables/plugins"
)

var (
	//go:embed python/run_module.py
	runModule string
	//go:embed python/ansible_module.py
	ansibleModule []byte
)

// withLibrary gives a module in Python that imports Ansible's library what stands in for that on
// hosts whose Python has none. It is one file, the same for all calls, so that it is sent once.
func withLibrary(file string, module []byte) []byte {
	encode := base64.StdEncoding.EncodeToString
	return []byte(strings.NewReplacer(
		`"@NAME@"`, strconv.QuoteToASCII(filepath.Join(filepath.Base(filepath.Dir(file)), filepath.Base(file))),
		"@COMMON@", encode(plugins.Common()),
		"@MODULE@", encode(ansibleModule),
		"@OWN@", encode(module),
	).Replace(runModule))
}
