package async_status_test

import (
	"testing"

	"github.com/gdeploy/gdeploy/modules/async_status"
	"github.com/gdeploy/gdeploy/modules/moduletest"
)

func TestCases(t *testing.T) { moduletest.Run(t, async_status.Spec) }
