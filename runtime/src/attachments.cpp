#include "attachments.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>
#include <bulkhead/this_process.hpp>
#include <optional>
#include <stop_token>

#include "attach_conversation.hpp"
#include "os/published_name.hpp"
#include "process_record.hpp"
#include "queue_state.hpp"
#include "reattachment.hpp"

namespace bulkhead::detail {

namespace control = os::control;

namespace {

/// Sees a membership's line hang up: the keeper there has ended, or has closed it. Where no other
/// follows it the membership ends. Held by its own wait.
class line_watch : public std::enable_shared_from_this<line_watch> {
 public:
  line_watch(boost::asio::io_context& loop, std::weak_ptr<process_context> context)
      : line_(loop), context_(std::move(context)) {}

  /// @errors std::system_error: there is no descriptor for it.
  void begin(os::keeper_link& line) {
    line_.assign(line.duplicate_line().release());
    line_.async_wait(boost::asio::posix::stream_descriptor::wait_error,
                     [self = shared_from_this()](const boost::system::error_code& failure) {
                       if (!failure) self->follow();
                     });
  }

 private:
  void follow() {
    const auto there = context_.lock();
    if (there == nullptr) return;
    try {
      line_.close();
      there->keeper().renew_if_gone();
      begin(there->keeper());
    } catch (const std::exception&) {
      there->end(errc::owner_gone);
    }
  }

  boost::asio::posix::stream_descriptor line_;
  std::weak_ptr<process_context> context_;
};

/// In a child that is asked to stop, the waits in other programs' queues end as well.
class stop_bridge {
 public:
  explicit stop_bridge(std::weak_ptr<process_context> context)
      : callback_(this_process::stop_token(), rouse{std::move(context)}) {}

 private:
  struct rouse {
    std::weak_ptr<process_context> context;
    void operator()() const noexcept {
      if (const auto there = context.lock()) there->rouse();
    }
  };
  std::stop_callback<rouse> callback_;
};

/// What lives as long as a membership.
struct beside_membership {
  explicit beside_membership(std::shared_ptr<reattachment> again) : way_back(std::move(again)) {}
  std::shared_ptr<reattachment> way_back;
  std::optional<stop_bridge> stop;
};

}  // namespace

std::vector<std::shared_ptr<process_context>> attachments::living() {
  std::vector<std::shared_ptr<process_context>> all;
  const std::lock_guard lock(list_mutex_);
  std::erase_if(joined_, [](const joined& one) { return one.context.expired(); });
  for (const joined& one : joined_) {
    if (auto there = one.context.lock(); there && there->usable()) all.push_back(std::move(there));
  }
  return all;
}

std::shared_ptr<reattachment> attachments::way_back_of(const process_context& member) {
  const std::lock_guard lock(list_mutex_);
  for (const joined& one : joined_) {
    if (one.context.lock().get() == &member) return one.way_back;
  }
  return nullptr;
}

std::shared_ptr<process_context> attachments::join(process_context& home,
                                                   const control::attach_reply& reply,
                                                   os::channel line,
                                                   std::shared_ptr<reattachment> way_back) {
  process_context::identity me = home.who();
  me.serial = reply.serial;
  auto made =
      std::make_shared<process_context>(me, std::move(line), home.shared_from_this(), reply.tree);
  const auto beside = std::make_shared<beside_membership>(way_back);
  made->keeper().set_source(way_back.get());
  std::make_shared<line_watch>(*loop_, made)->begin(made->keeper());
  if (process_record::child_context() != nullptr) beside->stop.emplace(made);
  made->keep(beside);
  const std::lock_guard lock(list_mutex_);
  joined_.push_back({made, std::move(way_back)});
  return made;
}

std::shared_ptr<queue_state> attachments::attach(process_context& home,
                                                 const std::filesystem::path& path,
                                                 std::uint64_t fingerprint,
                                                 const std::string& type) {
  const std::lock_guard lock(mutex_);
  const auto members = living();
  control::attach wanted = attach_request(fingerprint, type);
  // Another thread may just drop a last handle: its word to the keeper must not come between the
  // keeper's answer to us and our new handle.
  std::vector<std::unique_lock<std::mutex>> pauses;
  for (const auto& one : members) {
    wanted.known.push_back({one->tree(), one->who().serial});
    pauses.push_back(one->pause());
  }
  os::channel line = os::connect_to(path, attach_patience);
  os::datagram answer = attach_over(line, wanted, path.string());
  control::attach_reply reply;
  if (!answer.read(reply) || answer.descriptors.size() != 3) {
    throw error(errc::unsupported, "'" + path.string() + "' is no published queue");
  }
  const std::string whole = std::filesystem::absolute(path).string();
  for (const auto& one : members) {
    if (one->tree() == reply.tree && one->who().serial == reply.serial) {
      if (const auto way_back = way_back_of(*one)) way_back->add(whole, fingerprint, type);
      return one->known_locked(reply.queue, answer.descriptors);
    }
  }
  const auto way_back = std::make_shared<reattachment>(reply.tree, reply.serial);
  way_back->add(whole, fingerprint, type);
  return join(home, reply, std::move(line), way_back)->known(reply.queue, answer.descriptors);
}

void attachments::end_all(errc why) noexcept {
  for (const auto& one : living()) one->end(why);
}

}  // namespace bulkhead::detail
