package getent_test

import (
	"testing"

	"github.com/gdeploy/gdeploy/modules/getent"
	"github.com/gdeploy/gdeploy/modules/moduletest"
)

func TestCases(t *testing.T) { moduletest.Run(t, getent.Spec) }
