package add_host_test

import (
	"testing"

	"github.com/gdeploy/gdeploy/modules/add_host"
	"github.com/gdeploy/gdeploy/modules/moduletest"
)

func TestCases(t *testing.T) { moduletest.Run(t, add_host.Spec) }
