#pragma once

#include <sys/resource.h>

#include <chrono>
#include <map>
#include <optional>
#include <set>
#include <tuple>

#include "os/barrier.hpp"
#include "os/child_context.hpp"
#include "os/keeper/depositor.hpp"
#include "os/keeper/directory_writer.hpp"
#include "os/keeper/estate.hpp"
#include "os/keeper/ledger.hpp"
#include "os/keeper/participant.hpp"
#include "os/keeper/pipe_table.hpp"
#include "os/keeper/poller.hpp"
#include "os/keeper/publications.hpp"
#include "os/keeper/queue_table.hpp"
#include "os/keeper/reserve.hpp"
#include "os/keeper/watch_list.hpp"

namespace bulkhead::os {

/// The keeper's whole state and its loop: the processes of one tree, their queues, what they ask
/// for, and their ends. tree.cpp has the loop, tree_requests.cpp what a request does,
/// tree_ledger.cpp what is written down of it, tree_succession.cpp how the next keeper takes over,
/// tree_spawn.cpp how a child is made, tree_reserve.cpp how one is forked beforehand,
/// tree_standby.cpp how a spare becomes one, tree_watch.cpp how one is watched, tree_deaths.cpp
/// what follows an end, tree_attach.cpp how other programs come and go, tree_rights.cpp what these
/// may ask. One thread.
class tree {
 public:
  /// @errors std::system_error.
  /// @limits inherited: as take_keeper_mark returns it.
  tree(std::vector<unique_fd> inherited, unique_fd child_signals, rlimit descriptors,
       child_main run_child);
  tree(const tree&) = delete;
  tree& operator=(const tree&) = delete;

  /// Answers the host's greeting, then serves until the host ends or hangs up; by then nothing is
  /// left of the tree.
  void run();

 private:
  enum class verdict : std::uint8_t { serve, end };
  using clock = std::chrono::steady_clock;

  // The loop.
  bool greet();
  void welcome_host(participant& host);

  // From one keeper to the next.
  void commit();
  void write_down_publications();
  void visit_deposits(const depositor::visitor& visit);
  void tidy_vault();
  [[nodiscard]] bool outlives(std::uint32_t serial) const;
  [[nodiscard]] static bool is_done_once(control::kind what) noexcept;
  void note_answer_bytes(const participant& p, control::kind kind, std::vector<std::byte> body);
  template <class Body>
  void note_answer(const participant& p, control::kind kind, const Body& body) {
    note_answer_bytes(p, kind, encode_all(body));
  }
  bool answer_again(participant& p, const datagram& request);
  [[nodiscard]] std::vector<int> descriptors_of_answer(control::kind kind, const datagram& as);
  void keep_directory(deposits& left);
  void take_over(unique_fd ledger, deposits left);
  void take_up_endpoints(deposits& left);
  void take_up_attached(deposits& left);
  void take_up_publications(deposits& left);
  void settle_lost_children();
  verdict dispatch(const poller::wake& wake);
  verdict listen(std::uint32_t serial);
  [[nodiscard]] int look_again_ms() const noexcept;
  void look_again();
  void hang_up(participant& p) noexcept;
  void punish(participant& p, const std::string& fault);
  void remove_groups() noexcept;
  void end_everything() noexcept;

  // Requests.
  void serve(participant& p, datagram& request);
  void answer(participant& p, datagram& request);
  void make_queue(participant& p, const datagram& request);
  void open_queue(participant& p, const datagram& request);
  void carry(participant& p, const datagram& request);
  void leave_queue(participant& p, const datagram& request);
  void bury_used_up(participant& p, const datagram& request);
  void note_words(participant& p, const datagram& request);
  void note_deadline(participant& p, const datagram& request);
  void holders(participant& p, const datagram& request);
  void join_queue(participant& p, const datagram& request);
  void dead_letters(participant& p, const datagram& request);
  void spawn(participant& p, datagram& request);
  static std::size_t descriptors_of(const std::optional<control::process_setup>& setup) noexcept;
  void announce(participant& p, control::kind what);
  [[nodiscard]] static control::exited event_of(const participant& p);
  void lend(participant& p, const datagram& request);
  void ring(participant& p, const datagram& request);
  void check_is_of(const participant& p, std::uint64_t mailbox);
  void refuse_for_want_of_descriptors(participant& p, const datagram& request);
  void signal(participant& p, const datagram& request);
  void request_stop(participant& p, const datagram& request);
  void open_child(participant& p, const datagram& request);
  void forget(participant& p, const datagram& request);
  void subscribe(participant& p);
  void make_pipe(participant& p, const datagram& request);
  void leave_end(participant& p, const datagram& request);
  void ask_peer(participant& p, const datagram& request);
  void rest(participant& p, const datagram& request);
  void claim_end(participant& p, const datagram& request);
  void settle_ends();
  void reply_queue(participant& p, control::kind kind, queue_record& queue);
  template <class Body>
  void reply(participant& p, control::kind kind, const Body& body,
             std::span<const int> descriptors = {}) {
    if (!p.control) return;
    if (is_done_once(kind)) note_answer(p, kind, body);
    // Who hears of something finds it after the keeper's death as well.
    commit();
    after_reply(p, kind, p.control.send(kind, body, descriptors));
  }
  void after_reply(participant& p, control::kind kind, const std::error_code& failed);
  participant& below(participant& p, std::uint32_t serial);

  // Other programs.
  void publish(participant& p, datagram& request);
  void unpublish(participant& p, const datagram& request);
  bool may_ask(const participant& p, const datagram& request);
  bool may_carry(const participant& p, const control::carry& wanted);
  void check_rights(const participant& p, const datagram& request);
  void welcome(std::uint32_t publication);
  void shake_hands(std::uint32_t number);
  void admit(handshake& with, const publication& to, datagram& request);
  participant* known_as(const control::attach& who, const handshake& with);
  participant& take_in(handshake& with, const control::attach& who, unique_fd pidfd);
  void part_from(participant& p);
  void bury_attached(std::uint32_t serial);
  void forget_attached(std::uint32_t serial);
  void close_doors();
  void open_doors();

  // A new process.
  using pipe_grants = std::vector<pipe_table::grant>;
  const void* find(const control::function_name& name);
  child_context prepare(const control::spawn& wanted, const participant& child,
                        const claimant& giver, pipe_grants& grants);
  void take_endpoint(std::uint64_t id, const claimant& who, const std::string& name,
                     const claimant& giver, pipe_grants& grants, child_context::endpoint& out);
  void expect_child(const participant& owner, const participant& child,
                    const control::spawn& wanted);
  /// What a new process has beside its endpoints.
  struct own_descriptors {
    unique_fd pulse;
    unique_fd standby;
  };
  void lend_descriptors(child_context& context, const own_descriptors& own);
  participant& start_child(participant& owner, const control::spawn& wanted,
                           std::vector<unique_fd> descriptors);
  bool fork_child(participant& child, child_context& context);
  void launch(participant& child, child_context& context, const pipe_grants& grants,
              const own_descriptors& own);
  void make_group(participant& child, child_context& context);
  void undo_joins(const std::vector<std::uint64_t>& endpoints, std::uint32_t serial,
                  const pipe_grants& grants) noexcept;
  void confirm_endpoints(const participant& child, const std::vector<std::uint64_t>& endpoints,
                         const pipe_grants& grants);
  static estate::child_note note_of_child(const claimant& who,
                                          const std::vector<std::uint64_t>& endpoints);

  // A process for the next time.
  [[noreturn]] void wait_in_reserve(int line_fd, pid_t keeper);
  void plan_reserve() noexcept;
  void make_reserve() noexcept;
  void drop_reserve() noexcept;
  bool begin_reserve(participant& child, const child_context& context);

  // Spares.
  void make_spare(participant& child, const control::spawn& wanted, unique_fd& page);
  void note_waiting(participant& p);
  void enlist(participant& to, const claimant& giver, std::uint32_t incarnation);
  void promote(participant& p, const datagram& request);
  void note_follow(participant& p, const datagram& request);
  participant* find_spare(const claimant& of);
  const participant* follow_up(const claimant& dead, const std::optional<control::follow>& rule,
                               std::unique_ptr<control::spawn> kept, const exit_status& end);
  void dismiss_spares(std::uint32_t owner, std::uint64_t resume_key) noexcept;

  // Watchdogs.
  void watch(participant& child, const control::spawn& wanted, unique_fd& pulse);
  void judge_watched();
  void give_up_on(std::uint32_t serial);

  // Ends.
  void reap_ended();
  void heed_stopped();
  void bury(participant& p, const exit_status& end);
  exit_status status_of(const participant& p, int code, int status) const;
  void read_last_words(participant& p);
  void kill_children_of(std::uint32_t serial) noexcept;
  void tell_of_end(std::uint32_t owner, control::exited event);
  void tell(std::uint32_t serial, control::kind what, control::exited event);
  void watch_events(participant& p);

  core::platform os_;
  std::uint64_t name_;  // of the tree, random
  rlimit descriptors_;
  child_main run_child_;
  poller poller_;
  unique_fd child_signals_;
  directory_writer directory_;
  pipe_table pipes_;
  queue_table queues_;
  publications publications_;
  bool doors_closed_ = false;  // too many are at them, or there are no descriptors
  std::map<std::uint32_t, participant> participants_;  // by serial; the host is 1
  std::map<pid_t, std::uint32_t> by_pid_;
  /// A process that has ended before what it started: its end is told when nothing of that is left.
  struct departed {
    std::uint32_t owner = 0;
    std::size_t children = 0;  ///< That have not ended, and everything below them.
    control::exited event;
  };
  std::map<std::uint32_t, departed> departed_;
  std::optional<reserve> reserve_;
  std::optional<clock::time_point> reserve_at_;  // when one is to be forked
  clock::duration fork_took_{};                  // the last one
  watch_list watched_;
  /// Spares that wait: owner, resume key, serial.
  std::set<std::tuple<std::uint32_t, std::uint64_t, std::uint32_t>> waiting_spares_;
  /// Functions that were found before: looking one up reads the notes of every module.
  std::map<std::pair<std::string, std::uint64_t>, const void*> functions_;
  std::uint32_t last_serial_ = 0;
  std::optional<ledger> ledger_;  // from the host's greeting on
  depositor vault_;
  std::optional<control_groups> groups_;  // from the host's greeting on
  bool uses_groups_ = false;
  unique_fd beginning_;               // the directory in which children begin
  std::vector<unique_fd> inherited_;  // of the host, until it greets
  unique_fd vault_end_;               // the host's, until it has it
  std::int32_t serving_ = 0;          // the number of the request that is being served
  std::chrono::steady_clock::time_point next_look_;  // for queues that only messages name
};

}  // namespace bulkhead::os
