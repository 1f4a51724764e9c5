// What a runtime asks of its keeper about its children.
#include <boost/asio/dispatch.hpp>
#include <bulkhead/errc.hpp>

#include "os/function_name.hpp"
#include "process_context.hpp"
#include "runtime_state.hpp"
#include "start_setup.hpp"

namespace bulkhead::detail {

namespace control = os::control;

namespace {

control::spawn request_for(const runtime_state::start_order& order) {
  control::spawn wanted;
  wanted.name = order.name;
  wanted.resume_key = order.resume_key;
  wanted.incarnation = static_cast<std::uint32_t>(order.incarnation);
  const start_recipe& recipe = *order.recipe;
  if (recipe.endpoints.size() > endpoints_max) {
    throw error(errc::too_large, "starting '" + order.name + "': its arguments hold " +
                                     std::to_string(recipe.endpoints.size()) +
                                     " queues and pipe ends, and 4096 is the most");
  }
  if (recipe.entry != nullptr) {
    wanted.entry = os::name_function(reinterpret_cast<const void*>(recipe.entry));
  }
  wanted.is_spare = order.is_spare;
  wanted.may_follow = order.may_follow;
  if (order.prepare != nullptr) {
    wanted.prepare = os::name_function(reinterpret_cast<const void*>(order.prepare));
  }
  if (recipe.target != nullptr) wanted.target = os::name_function(recipe.target);
  wanted.fingerprint = recipe.fingerprint;
  wanted.arguments = recipe.arguments;
  wanted.endpoints = recipe.endpoints;
  wanted.watch = order.watch;
  return wanted;
}

}  // namespace

runtime_state::started runtime_state::start(const start_order& order, end_handler at_end,
                                            up_handler at_up) {
  process_context& me = context();
  control::spawn wanted = request_for(order);
  start_setup setup = make_setup(order.options != nullptr ? *order.options : spawn_options{},
                                 *order.recipe, order.name, order.announce, loop_, executor());
  wanted.setup = std::move(setup.wire);
  ensure_running();
  std::vector<int> numbers;
  for (const os::unique_fd& fd : setup.descriptors) numbers.push_back(fd.get());
  const auto reply =
      me.keeper().ask<control::spawn_reply>(control::kind::spawn, wanted, nullptr, numbers);
  if (!setup.readers.empty()) {
    for (const auto& reader : setup.readers) {
      boost::asio::dispatch(loop_, [reader] { reader->begin(); });
    }
    at_end = [readers = setup.readers, told = std::move(at_end)](const control::exited& event) {
      for (const auto& reader : readers) reader->drain();
      told(event);
    };
  }
  expect(reply.serial, std::move(at_end), std::move(at_up));
  return {reply.serial, reply.pid};
}

void runtime_state::request_stop(std::uint32_t serial) {
  context().keeper().ask<control::done>(control::kind::request_stop,
                                        control::process_named{serial});
}

void runtime_state::signal(std::uint32_t serial, int number) {
  context().keeper().ask<control::done>(control::kind::signal, control::signal{serial, number});
}

// The keeper is its parent, and has its pidfd from before it could end.
os::unique_fd runtime_state::open_child(std::uint32_t serial, const std::string& name) {
  std::vector<os::unique_fd> got;
  context().keeper().ask<control::done>(control::kind::open_process, control::process_named{serial},
                                        &got);
  if (got.size() == 1) return std::move(got.front());
  throw error(std::error_code(EMFILE, std::system_category()),
              "this process has no descriptor free for the pidfd of '" + name +
                  "'; close some, or raise its limit (ulimit -n)");
}

runtime_state::started runtime_state::promote(std::uint32_t serial, std::uint64_t incarnation) {
  const auto reply = context().keeper().ask<control::spawn_reply>(
      control::kind::promote, control::promote{serial, static_cast<std::uint32_t>(incarnation)});
  return {reply.serial, reply.pid};
}

// A keeper that does not hear of it has no such child any more.
void runtime_state::follow(const control::follow& rule) noexcept {
  try {
    static_cast<void>(context().keeper().tell(control::kind::follow, rule));
  } catch (const std::exception&) {
    // The runtime is being stopped.
  }
}

void runtime_state::forget(std::uint64_t resume_key) {
  context().keeper().ask<control::done>(control::kind::forget, control::forget{resume_key});
}

void runtime_state::rest(std::uint64_t resume_key) {
  context().keeper().ask<control::done>(control::kind::rest, control::forget{resume_key});
}

}  // namespace bulkhead::detail
