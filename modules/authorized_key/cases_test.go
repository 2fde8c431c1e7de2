package authorized_key_test

import (
	"testing"

	"github.com/gdeploy/gdeploy/modules/authorized_key"
	"github.com/gdeploy/gdeploy/modules/moduletest"
)

func TestCases(t *testing.T) { moduletest.Run(t, authorized_key.Spec) }
