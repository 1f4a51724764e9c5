#include <bulkhead/init.hpp>

#include "child_main.hpp"
#include "os/keeper.hpp"
#include "process_record.hpp"

namespace bulkhead {

void init(int /*argc*/, char** /*argv*/) {
  if (detail::process_record::initialised()) return;
  if (auto inherited = os::take_keeper_mark())
    os::run_keeper(std::move(*inherited), &detail::run_child);
  detail::process_record::set_initialised();
}

}  // namespace bulkhead
