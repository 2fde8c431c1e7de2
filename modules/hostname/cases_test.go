package hostname_test

import (
	"testing"

	"github.com/gdeploy/gdeploy/modules/hostname"
	"github.com/gdeploy/gdeploy/modules/moduletest"
)

func TestCases(t *testing.T) { moduletest.Run(t, hostname.Spec) }
