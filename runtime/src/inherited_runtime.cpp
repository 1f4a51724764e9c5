#include "inherited_runtime.hpp"

#include <bulkhead/errc.hpp>

#include "given_endpoints.hpp"
#include "heart_start.hpp"
#include "os/end_with_keeper.hpp"
#include "os/inheritance.hpp"
#include "process_context.hpp"
#include "process_record.hpp"
#include "runtime_state.hpp"

namespace bulkhead::detail {

std::shared_ptr<runtime_state> take_up_inheritance(runtime& rt) {
  auto left = os::take_inheritance();
  if (!left) {
    throw error(errc::not_initialised,
                "this program was not started by bulkhead::command with endpoints (or has taken "
                "them up before); start it as rt.spawn(command{...}.with(name, endpoint))");
  }
  const auto context = std::make_shared<process_context>(
      process_context::identity{left->serial, left->entry, left->incarnation, left->name},
      std::move(left->control), std::move(left->directory));
  auto state = std::make_shared<runtime_state>(context);
  context->set_owner(state);
  start_heart(give_heart(*left, *context), state);
  static auto* const no_next = new os::no_next_line;
  context->keeper().set_source(no_next);
  process_record::set_child(context, &rt);
  std::vector<named_legacy> names;
  if (!decode_all(std::span<const std::byte>(left->arguments), names)) {
    throw error(errc::corrupt, "the names of what this program inherited are unreadable");
  }
  auto endpoints = std::make_unique<given_endpoints>(*context, std::move(left->endpoints));
  endpoints->take_up();
  state->inherit({std::move(names), std::move(endpoints)});
  static_cast<void>(context->keeper().tell(os::control::kind::entered, os::control::done{}));
  return state;
}

}  // namespace bulkhead::detail
