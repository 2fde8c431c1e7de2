// Command gdeploy-helper is what works on a host: it serves module calls on stdin and
// stdout. gdeploy brings it there and starts it; nobody else needs to.
package main

import (
	"fmt"
	"os"

	"github.com/gdeploy/gdeploy/modules/onhost"
	"github.com/gdeploy/gdeploy/transport/serve"
)

func main() {
	if !serve.Asked(os.Args) {
		fmt.Fprintln(os.Stderr, "gdeploy-helper is started by gdeploy; there is nothing to do with it by hand")
		os.Exit(2)
	}
	os.Exit(serve.Main(serve.NewNative(onhost.Specs())))
}
