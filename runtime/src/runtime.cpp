#include <bulkhead/runtime.hpp>
#include <future>

#include "process_context.hpp"
#include "queue_state.hpp"
#include "runtime_state.hpp"

namespace bulkhead {

runtime::runtime() : runtime(boost::asio::any_io_executor()) {}

runtime::runtime(boost::asio::any_io_executor executor, const runtime_options& /*options*/)
    : state_(std::make_shared<detail::runtime_state>(std::move(executor))) {}

runtime::runtime(std::shared_ptr<detail::runtime_state> state) noexcept
    : state_(std::move(state)) {}

runtime::~runtime() { state_->stop(); }

boost::asio::any_io_executor runtime::get_executor() const { return state_->executor(); }

process runtime::start(const spawn_options& options, detail::start_recipe recipe) {
  const std::string name =
      options.name.empty() ? "process-" + std::to_string(state_->new_resume_key()) : options.name;
  auto shared = std::make_shared<detail::process_state>(state_, name, options.shutdown);
  detail::runtime_state::start_order order;
  order.name = name;
  order.recipe = &recipe;
  // The end may be told before begin() below: then it waits on the thread for the lock.
  std::promise<void> begun;
  auto known = begun.get_future().share();
  auto started = state_->start(order, [shared, known](const os::control::exited& event) {
    known.wait();
    shared->end(event.status);
    shared->finish();
  });
  shared->begin(started.serial, started.pid, std::move(started.pidfd), 1);
  begun.set_value();
  return {std::move(shared), true};
}

std::uint64_t detail::endpoint_collector::add(std::uint64_t id) {
  to_->endpoints.push_back(id);
  return to_->endpoints.size() - 1;
}

}  // namespace bulkhead
