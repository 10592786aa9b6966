# Who is there: the bot's account, an agent, somebody without rights, and a customer. The bot's account is not told
# everything, and lives in another zone than the program.
our @Queues = ({ Name => 'Tier2' });
our @Users = (
    { Name => 'bellhop', EmailAddress => 'bellhop@support.test', Password => 'pass-of-bellhop', Privileged => 1,
      Timezone => 'America/New_York' },
    { Name => 'sofia', EmailAddress => 'sofia@support.test', RealName => 'Sofia Sand', Password => 'pass-of-sofia',
      Privileged => 1 },
    { Name => 'stranger', EmailAddress => 'stranger@support.test', Password => 'pass-of-stranger', Privileged => 1 },
    { Name => 'dana', EmailAddress => 'dana@customer.test', RealName => 'Dana Doe', Organization => 'Acme',
      Password => 'pass-of-dana' },
);
my @agents = qw(SeeQueue ShowTicket ShowTicketComments CommentOnTicket ReplyToTicket ModifyTicket OwnTicket
    CreateTicket ReassignTicket);
my @customers = qw(SeeQueue ShowTicket ReplyToTicket);
our @ACL = (
    (map { ({ Right => $_, UserId => 'bellhop' }, { Right => $_, UserId => 'sofia' }) } @agents),
    (map { { Right => $_, GroupDomain => 'RT::System-Role', GroupType => 'Requestor' } } @customers),
);
# A token, as people make one on the page of their account.
our @Final = (sub {
    my $bellhop = RT::User->new(RT->SystemUser);
    $bellhop->Load('bellhop');
    my ($ok, $message, $token) =
        RT::AuthToken->new(RT->SystemUser)->Create(Owner => $bellhop->Id, Description => 'bellhop');
    die $message unless $ok;
    open my $file, '>', "$RT::VarPath/token" or die $!;
    print $file $token;
    close $file;
});
1;
