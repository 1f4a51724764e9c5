#include "standby_wait.hpp"

#include <signal.h>
#include <sys/prctl.h>

#include "given_endpoints.hpp"
#include "os/end_with_keeper.hpp"
#include "os/standby_memory.hpp"
#include "os/warm_up.hpp"
#include "process_context.hpp"

namespace bulkhead::detail {

// Who became another user in its preparation is not asked any more whether it ends with its parent;
// and nothing else would tell a process that sleeps here.
void wait_for_promotion(os::child_context& start, process_context& context,
                        given_endpoints& endpoints) {
  const os::standby_memory page(start.standby.get(), endpoints.size(),
                                os::standby_memory::role::spare);
  start.standby.reset();
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  os::warm_up();
  if (context.keeper().tell(os::control::kind::waiting, os::control::done{})) {
    os::end_with_keeper();
  }
  context.set_incarnation(page.wait());
  for (std::size_t n = 0; n < endpoints.size(); ++n) {
    const auto& seat = page.seat_at(n);
    endpoints.set_seat(n, seat.number, seat.epoch, seat.sent_before);
  }
}

}  // namespace bulkhead::detail
