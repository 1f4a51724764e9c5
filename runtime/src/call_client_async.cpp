#include <boost/asio/bind_executor.hpp>
#include <bulkhead/detail/async_initiate.hpp>
#include <cerrno>

#include "call_client_state.hpp"
#include "process_context.hpp"
#include "runtime_state.hpp"

// While asynchronous calls are under way the runtime's thread takes replies in: an operation that
// waits for the lane's bell, and ends with the last of them, so that other calls ring no bell.
namespace bulkhead::detail {
namespace {

using std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr auto backlog_patience = 5ms;  // as of a thread that waits

class reader_step {
 public:
  using result = void;
  static constexpr bool together = true;

  reader_step(std::weak_ptr<call_client_state> client, std::weak_ptr<pipe_state> lane)
      : client_(std::move(client)), lane_(std::move(lane)) {}

  [[nodiscard]] async_home home() const { return home_of(lane_.lock()); }
  [[nodiscard]] static bool others_wait() { return false; }
  [[nodiscard]] std::vector<async_source> sources() const {
    async_source s;
    s.pipe = lane_;
    return {s};
  }
  [[nodiscard]] steady_clock::time_point look_again() const {
    const auto client = client_.lock();
    return client != nullptr ? client->look_again() : steady_clock::time_point::max();
  }
  bool attempt(std::error_code& /*ec*/) {
    const auto client = client_.lock();
    return client == nullptr || client->read_for_async();
  }
  template <class Handler>
  void give(Handler&& handler, const boost::system::error_code& ec) {
    std::forward<Handler>(handler)(ec);
  }

 private:
  std::weak_ptr<call_client_state> client_;
  std::weak_ptr<pipe_state> lane_;
};

}  // namespace

// After a call was begun. A deadline that is sooner than the reader knows is told it by a ring.
void call_client_state::watch_async(time_point deadline) {
  bool begins = false;
  {
    const std::lock_guard lock(mutex_);
    if (async_pending_ == 0) return;  // over already
    begins = !std::exchange(has_reader_, true);
    if (!begins && deadline >= reader_looks_at_) return;
    reader_looks_at_ = std::min(reader_looks_at_, deadline);
  }
  if (!begins) return lane_->rouse();
  const auto rt = lane_->context().owner();
  if (rt == nullptr) return;
  rt->ensure_running();
  async_run(reader_step(weak_from_this(), end_.state()),
            boost::asio::bind_executor(rt->loop().get_executor(),
                                       [](const boost::system::error_code&) {}));
}

request_terms::time_point call_client_state::look_again() {
  const std::lock_guard lock(mutex_);
  time_point at = next_deadline();
  if (!backlog_.empty()) at = std::min(at, steady_clock::now() + backlog_patience);
  reader_looks_at_ = at;
  return at;
}

// @returns true: nobody waits for it any more.
bool call_client_state::read_for_async() {
  try {
    if (lane_->context().stop_requested()) fail_async(errc::stop_requested);
    static_cast<void>(pump(patience::none()));
    if (next_deadline() != time_point::max()) expire(steady_clock::now());
  } catch (const std::exception&) {  // no memory: at the next ring again
  }
  const std::lock_guard lock(mutex_);
  if (async_pending_ != 0 && lane_->context().usable()) return false;
  has_reader_ = false;
  return true;
}

void call_client_state::fail_async(std::error_code why) {
  continuations failing;
  {
    const std::lock_guard lock(mutex_);
    table_.each([&](const core::slot_name& name, pending_call& call) {
      if (call.async && call.is_made()) failing.push_back(end_call(name, call));
    });
  }
  fail(failing, why);
}

bool call_client_state::abort(const call_ticket& ticket) {
  continuations failing;
  {
    const core::slot_name name{ticket.generation, ticket.slot};
    const std::lock_guard lock(mutex_);
    pending_call* const call = table_.find(name);
    if (call == nullptr || !call->is_made()) return false;
    failing.push_back(end_call(name, *call));
  }
  fail(failing, {ECANCELED, std::system_category()});
  return true;
}

}  // namespace bulkhead::detail
