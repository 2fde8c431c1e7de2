package systemd_test

import (
	"testing"

	"github.com/gdeploy/gdeploy/modules/moduletest"
	"github.com/gdeploy/gdeploy/modules/systemd"
)

func TestCases(t *testing.T) { moduletest.Run(t, systemd.Spec) }
