package transfer_test

import (
	"testing"

	"github.com/gdeploy/gdeploy/modules/transfer"
	"github.com/gdeploy/gdeploy/modules/moduletest"
)

func TestCases(t *testing.T) { moduletest.Run(t, transfer.Spec) }
