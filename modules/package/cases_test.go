package packages_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/modules/machine"
	"github.com/gdeploy/gdeploy/modules/moduletest"
	packages "github.com/gdeploy/gdeploy/modules/package"
	"github.com/gdeploy/gdeploy/values"
)

func TestCases(t *testing.T) { moduletest.Run(t, packages.Spec) }

// foreign is a machine with one program, which is not apt-get.
type foreign struct {
	modules.System
	program string
}

// LookPath finds that program only.
func (f foreign) LookPath(name string) (string, error) {
	if name != f.program {
		return "", errors.New("not found")
	}
	return "/usr/bin/" + name, nil
}

func TestOtherPackageManagersAreRefused(t *testing.T) {
	for program, want := range map[string]string{"dnf": "this host has dnf", "": "neither apt-get nor dnf"} {
		here := machine.New(machine.Options{Root: t.TempDir()})
		defer here.Close()
		call := modules.Call{Module: "package", Args: values.MapOf("name", values.String("sl"))}
		reply := modules.Perform(t.Context(), packages.Spec, call, foreign{here, program})
		if !reply.Failed || !strings.Contains(reply.Msg, want) {
			t.Errorf("with %q: %+v", program, reply)
		}
	}
}
