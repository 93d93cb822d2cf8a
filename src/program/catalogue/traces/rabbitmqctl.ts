/**
 * One run of `rabbitmqctl node_health_check` as the kernel's scheduler tracepoints saw it (format: ../trace.ts).
 *
 * RabbitMQ 3.10.8 and Erlang/OTP 25 from Debian 12 on Linux 6.18 with 2 CPUs, 2026-11-23, entered from outside into a
 * private PID namespace whose PID 1 behaves as pause 3.0 does.
 */
export const RABBITMQCTL_NODE_HEALTH_CHECK_TRACE = `\
time_us	event	task	child	name
0	exec	1		rabbitmqctl
532	fork	1	2	rabbitmqctl
828	exec	2		sed
1738	exit	2		sed
1944	fork	1	3	rabbitmqctl
5501	exec	3		basename
6116	exit	3		basename
6283	fork	1	4	rabbitmqctl
9425	exec	4		id
10162	exit	4		id
10327	fork	1	5	rabbitmqctl
13453	exec	5		id
14246	exit	5		id
14427	fork	1	6	rabbitmqctl
16415	exec	6		id
17141	exit	6		id
17339	fork	1	12	rabbitmqctl
21436	exec	12		id
22211	exit	12		id
22389	fork	1	13	rabbitmqctl
22565	exec	13		id
23263	exit	13		id
23405	fork	1	14	rabbitmqctl
23493	exec	14		su
26235	fork	14	15	su
26874	setsid	15		
27413	exec	15		sh
27871	fork	15	17	sh
29442	exec	17		rabbitmqctl
29964	fork	17	18	rabbitmqctl
32506	exec	18		readlink
33105	exit	18		readlink
33301	fork	17	19	rabbitmqctl
36266	exec	19		dirname
36833	exit	19		dirname
37018	fork	17	24	rabbitmqctl
37163	exit	24		rabbitmqctl
38953	exec	17		erl
39465	fork	17	25	erl
41488	exec	25		dirname
42044	exit	25		dirname
42220	fork	17	26	erl
43749	exec	26		basename
44317	exit	26		basename
44585	exec	17		erlexec
45240	exec	17		beam.smp
47708	thread	17	27	beam.smp
51011	thread	17	28	beam.smp
54486	thread	17	29	beam.smp
56721	fork	17	30	beam.smp
57363	setsid	30		
61657	exec	30		erl_child_setup
68388	thread	17	31	beam.smp
68548	thread	17	32	beam.smp
68622	thread	17	33	beam.smp
68675	thread	17	34	beam.smp
68774	thread	17	35	beam.smp
68836	thread	17	36	beam.smp
68884	thread	17	37	beam.smp
68940	thread	17	38	beam.smp
69018	thread	17	39	beam.smp
69077	thread	17	40	beam.smp
69135	thread	17	41	beam.smp
69229	thread	17	42	beam.smp
69293	thread	17	43	beam.smp
69368	thread	17	44	beam.smp
69439	thread	17	45	beam.smp
69503	thread	17	46	beam.smp
118599	fork	30	47	erl_child_setup
119394	setsid	47		
119621	exec	47		inet_gethost
120220	fork	47	48	inet_gethost
137325	exit	47		inet_gethost
137519	exit	48		inet_gethost
301230	fork	30	50	erl_child_setup
301349	setsid	50		
301555	exec	50		sh
302174	exit	50		sh
305752	fork	30	51	erl_child_setup
305866	setsid	51		
306027	exec	51		sh
306631	exit	51		sh
309172	fork	30	52	erl_child_setup
309290	setsid	52		
309457	exec	52		sh
310011	exit	52		sh
311381	fork	30	53	erl_child_setup
311470	setsid	53		
311614	exec	53		sh
312148	exit	53		sh
324728	fork	30	54	erl_child_setup
325325	setsid	54		
328809	exec	54		sh
329450	exit	54		sh
333663	fork	30	55	erl_child_setup
334930	setsid	55		
335222	exec	55		inet_gethost
335825	fork	55	56	inet_gethost
345437	exit	56		inet_gethost
345455	exit	55		inet_gethost
345637	exit	29		async_1
345761	exit	32		2_scheduler
345767	exit	33		1_dirty_cpu_sch
345784	exit	44		10_dirty_io_sch
345796	exit	36		2_dirty_io_sche
345806	exit	45		1_aux
345807	exit	42		8_dirty_io_sche
345818	exit	27		sys_sig_dispatc
345828	exit	31		1_scheduler
345838	exit	17		beam.smp
345847	exit	43		9_dirty_io_sche
345857	exit	28		sys_msg_dispatc
345868	exit	40		6_dirty_io_sche
345877	exit	46		0_poller
345886	exit	41		7_dirty_io_sche
345897	exit	39		5_dirty_io_sche
345907	exit	37		3_dirty_io_sche
345917	exit	35		1_dirty_io_sche
345926	exit	38		4_dirty_io_sche
345945	exit	34		2_dirty_cpu_sch
350341	exit	30		erl_child_setup
351488	exit	15		sh
353742	exit	14		su
353999	exit	1		rabbitmqctl
`;
