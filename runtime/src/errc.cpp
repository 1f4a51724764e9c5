#include <bulkhead/errc.hpp>

namespace bulkhead {
namespace {

const char* text_of(errc code) {
  switch (code) {
    case errc::not_initialised:
      return "not initialised: bulkhead::init did not run in this process, the handle names "
             "nothing, or this is a forked copy of a process";
    case errc::closed:
      return "the mailbox is closed";
    case errc::full:
      return "the mailbox is full";
    case errc::timed_out:
      return "nothing happened in time";
    case errc::stop_requested:
      return "this process was asked to stop";
    case errc::type_mismatch:
      return "the message types of the two sides differ";
    case errc::too_large:
      return "the message is too large for this mailbox";
    case errc::corrupt:
      return "the shared memory holds what no correct peer writes";
    case errc::lease_lost:
      return "the lease was lost: the message belongs to somebody else";
    case errc::peer_crashed:
      return "the other side crashed";
    case errc::peer_restarted:
      return "the other side was restarted";
    case errc::owner_gone:
      return "the owner of the mailbox has ended";
    case errc::other_owner:
      return "somebody else owns this name";
    case errc::lock_owner_died:
      return "the owner of the lock died holding it";
    case errc::broken_barrier:
      return "the barrier is broken";
    case errc::stale_incarnation:
      return "that incarnation of the process has ended";
    case errc::start_failed:
      return "the process could not be started";
    case errc::gave_up:
      return "the supervisor gave up";
    case errc::too_many_participants:
      return "all seats of the mailbox are taken by living processes";
    case errc::not_permitted:
      return "this is not permitted";
    case errc::unsupported:
      return "this machine or build cannot do this";
    case errc::already_settled:
      return "the delivery was settled before";
    case errc::runtime_gone:
      return "the runtime was destroyed";
  }
  return "unknown bulkhead error";
}

class bulkhead_category final : public std::error_category {
 public:
  [[nodiscard]] const char* name() const noexcept override { return "bulkhead"; }
  [[nodiscard]] std::string message(int code) const override {
    return text_of(static_cast<errc>(code));
  }
};

}  // namespace

const std::error_category& category() noexcept {
  static const bulkhead_category instance;
  return instance;
}

std::error_code make_error_code(errc code) noexcept { return {static_cast<int>(code), category()}; }

}  // namespace bulkhead
