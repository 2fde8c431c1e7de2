package main

import (
	"os"

	"github.com/gdeploy/gdeploy/modules/onhost"
	"github.com/gdeploy/gdeploy/transport/serve"
)

// helperMode serves module calls where gdeploy was started as the helper of its own
// machine, or of a host of the same platform.
func helperMode() (code int, asked bool) {
	if !serve.Asked(os.Args) {
		return 0, false
	}
	return serve.Main(serve.NewNative(onhost.Specs())), true
}
