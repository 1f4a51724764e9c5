#include <bulkhead/runtime.hpp>
#include <future>
#include <mutex>

#include "inherited_runtime.hpp"
#include "process_context.hpp"
#include "queue_state.hpp"
#include "runtime_state.hpp"
#include "start_setup.hpp"

namespace bulkhead {

runtime::runtime() : runtime(boost::asio::any_io_executor()) {}

runtime::runtime(const runtime_options& options)
    : runtime(boost::asio::any_io_executor(), options) {}

runtime::runtime(boost::asio::any_io_executor executor, const runtime_options& options)
    : state_(std::make_shared<detail::runtime_state>(std::move(executor), options.log)) {}

runtime::runtime(std::shared_ptr<detail::runtime_state> state) noexcept
    : state_(std::move(state)) {}

runtime::~runtime() { state_->stop(); }

runtime_metrics runtime::metrics() const { return state_->tally().read(); }

boost::asio::any_io_executor runtime::get_executor() const { return state_->executor(); }

runtime::runtime(inherited_t /*how*/) : state_(detail::take_up_inheritance(*this)) {}

process runtime::start(const spawn_options& options, detail::start_recipe recipe) {
  const std::string name =
      options.name.empty() ? "process-" + std::to_string(state_->new_resume_key()) : options.name;
  auto shared = std::make_shared<detail::process_state>(state_, name, options.shutdown);
  detail::runtime_state::start_order order;
  order.name = name;
  order.recipe = &recipe;
  order.options = &options;
  order.announce = detail::may_fail_before_entry(options, recipe);
  // What is told on the thread may be told before begin() below: then it waits there for that.
  std::promise<void> begun;
  auto known = begun.get_future().share();
  const auto up = std::make_shared<std::promise<void>>();
  const auto tell_up = [up, once = std::make_shared<std::once_flag>()] {
    std::call_once(*once, [&] { up->set_value(); });
  };
  auto is_up = up->get_future();
  auto started = state_->start(
      order,
      [shared, known, tell_up](const os::control::exited& event) {
        known.wait();
        shared->end(event.status);
        shared->finish();
        tell_up();
      },
      [tell_up](os::control::kind) { tell_up(); });
  shared->begin(started.serial, started.pid, 1);
  begun.set_value();
  process made(std::move(shared), true);
  // On the thread itself nobody can wait for what it is to hear: the exit status will tell.
  if (!order.announce || state_->runs_here()) return made;
  state_->await(std::move(is_up));
  if (made.running()) return made;
  const exit_status end = made.join();
  if (end.cause == death_cause::start_failure) {
    throw error(errc::start_failed, "process '" + name + "': " + end.text, end);
  }
  return made;
}

detail::inherited_value runtime::find_endpoint(std::string_view name,
                                               std::uint64_t fingerprint) const {
  return state_->find_endpoint(name, fingerprint);
}

}  // namespace bulkhead
