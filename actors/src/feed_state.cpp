#include "feed_state.hpp"

#include <algorithm>
#include <atomic>
#include <bulkhead/this_process.hpp>
#include <utility>

#include "signal_block.hpp"

namespace bulkhead::actors::detail {

namespace {

// The queue has no call that a stop could end, so the thread looks up this often while nothing
// comes.
constexpr std::chrono::milliseconds look_up_period{50};
// Nobody rings when there is room on the way to an actor: each try costs what sending does, so that
// the next comes later.
constexpr std::chrono::milliseconds first_pause{1};

// Receives the answer to one message's request; destroyed unanswered, there will be none.
class feed_reply final : public compat::reply_actor {
 public:
  feed_reply(caf::actor_config& config, std::shared_ptr<feed_state> feed, std::uint64_t message)
      : reply_actor(config), feed_(std::move(feed)), message_(message) {}
  ~feed_reply() override {
    if (first()) feed_->dropped(message_);
  }

 private:
  void answered() noexcept override {
    if (first()) feed_->answered(message_);
  }
  void failed(const caf::error& reason) noexcept override {
    if (first()) feed_->failed(message_, reason);
  }
  // Copies of a promise can be answered each.
  bool first() noexcept { return !done_.exchange(true); }

  std::shared_ptr<feed_state> feed_;
  std::uint64_t message_;
  std::atomic<bool> done_ = false;
};

}  // namespace

feed_state::feed_state(caf::actor_system& system, std::unique_ptr<feed_input> input,
                       caf::strong_actor_ptr actor, std::size_t credit)
    : system_(system),
      is_elsewhere_(dynamic_cast<const compat::proxy*>(actor->get()) != nullptr),
      unit_(system),
      input_(std::move(input)),
      source_(input_->source()),
      credit_(credit),
      actor_(std::move(actor)) {}

void feed_state::start() {
  compat::on_exit(actor_, [feed = weak_from_this()](const caf::error& reason) {
    if (auto self = feed.lock()) self->actor_exited(reason);
  });
  signal_block none;
  thread_ = std::thread([this] { run(); });
}

// -- the thread ----------------------------------------------------------------------------------

void feed_state::run() noexcept {
  try {
    take_all();
  } catch (...) {
    std::lock_guard lock(mutex_);
    if (!failure_) failure_ = std::current_exception();
  }
  finish();
}

void feed_state::take_all() {
  while (wait_for_credit()) {
    bool had_leases = false;
    {
      std::lock_guard lock(mutex_);
      had_leases = unsettled_ > 0;
    }
    std::error_code ec;
    std::optional<leased_message> message = input_->take(look_up_period, ec);
    if (ec == bulkhead::errc::closed) {
      // Who holds leases of a closed queue is told so while they may still come back: settle them
      // and ask again.
      if (!had_leases || !wait_for_answers()) return;
    } else if (ec) {
      std::lock_guard lock(mutex_);
      return record(ec, {});
    } else if (message) {
      hand_over(std::move(*message));
    } else if (!input_->drained()) {
      // An actor may end as soon as it has seen the last message, not before.
      std::lock_guard lock(mutex_);
      if (actor_down_) return record(feed_errc::actor_down, down_reason_);
    }
  }
}

void feed_state::hand_over(leased_message message) {
  std::uint64_t number = 0;
  {
    std::lock_guard lock(mutex_);
    number = next_message_++;
  }
  {
    std::lock_guard lock(mutex_);
    if (actor_down_) record(feed_errc::actor_down, down_reason_);
    ++unsettled_;
    if (!going()) {
      // Stopped while it took: released with the others, in their order.
      rejected_.emplace(number, std::move(message.lease));
      return;
    }
    held_.emplace(number, std::move(message.lease));
  }
  // Whose message it is alone can change it; only who is no local actor may refuse it.
  if (!is_elsewhere_) {
    static_cast<void>(give(number, std::move(message.content)));
  } else {
    auto pause = first_pause;
    while (!give(number, message.content) && wait_for_room(number, pause)) {
      pause = std::min(2 * pause, look_up_period);
    }
  }
}

// @returns false: there is no room for it on the way.
bool feed_state::give(std::uint64_t message, caf::message content) {
  {
    const std::lock_guard lock(mutex_);
    giving_ = message;
    giver_ = std::this_thread::get_id();
  }
  // A reply actor sees one answer only, so that all requests can have one number.
  auto reply = compat::make_reply<feed_reply>(system_, shared_from_this(), message);
  actor_->get()->enqueue(
      compat::make_element(std::move(reply), caf::make_message_id(1), std::move(content)), &unit_);
  const std::lock_guard lock(mutex_);
  giving_.reset();
  return !std::exchange(is_refused_, false);
}

// @returns false: it is not to be given any more.
bool feed_state::wait_for_room(std::uint64_t message, std::chrono::milliseconds how_long) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, how_long, [&] { return !going(); });
  if (held_.count(message) == 0) return false;  // it went with the others, when the actor ended
  if (going() && bulkhead::this_process::stop_requested()) {
    record(bulkhead::errc::stop_requested, {});
  }
  if (going()) return true;
  rejected_.insert(held_.extract(message));
  return false;
}

void feed_state::finish() noexcept {
  caf::strong_actor_ptr actor;
  lease_map rejected;
  {
    std::lock_guard lock(mutex_);
    taking_ended_ = true;
    actor.swap(actor_);
    rejected.swap(rejected_);
  }
  const std::size_t count = release_in_order(std::move(rejected));
  input_.reset();
  actor.reset();
  settled(count);
}

bool feed_state::wait_for_credit() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return !going() || unsettled_ < credit_; });
  return going();
}

bool feed_state::wait_for_answers() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return !going() || unsettled_ == 0; });
  return going();
}

// -- its end -------------------------------------------------------------------------------------

void feed_state::record(std::error_code why, const std::string& reason) {
  if (failure_ && !(failure_code_ == feed_errc::actor_down && why == feed_errc::actor_down)) return;
  std::string what = "feeding an actor from " + source_;
  if (!reason.empty()) what += " (" + reason + ")";
  failure_ = std::make_exception_ptr(bulkhead::error(why, what));
  failure_code_ = why;
  changed_.notify_all();
}

void feed_state::stop() {
  std::lock_guard lock(mutex_);
  stopping_ = true;
  changed_.notify_all();
}

void feed_state::abandon(std::error_code why) {
  {
    std::lock_guard lock(mutex_);
    if (why && !over()) record(why, {});
    stopping_ = true;
    changed_.notify_all();
  }
  {
    std::lock_guard lock(thread_mutex_);
    if (thread_.joinable()) thread_.join();
  }
  lease_map left;
  {
    std::lock_guard lock(mutex_);
    left.swap(held_);
  }
  settled(release_in_order(std::move(left)));
}

bool feed_state::join(std::optional<std::chrono::steady_clock::time_point> deadline) const {
  if (!home_.is_this())
    throw bulkhead::error(bulkhead::errc::not_initialised,
                          "waiting for a feed in a forked copy of its process");
  std::unique_lock lock(mutex_);
  const auto returns = [&] { return join_returns(); };
  if (!deadline) {
    changed_.wait(lock, returns);
  } else if (!changed_.wait_until(lock, *deadline, returns)) {
    return false;
  }
  if (failure_) std::rethrow_exception(failure_);
  return true;
}

bool feed_state::ended() const {
  std::lock_guard lock(mutex_);
  return join_returns();
}

}  // namespace bulkhead::actors::detail
